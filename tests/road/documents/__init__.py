"""The source documents, done by hand in the browser and proved with real SMTP, all in one running copy.

The steps are the documents'; the port is a free one instead of 25, and clients come from addresses of 127.0.0.0/8.
"""
