"""Who signs in: passwords, NTLM, Kerberos, and how long to wait after a wrong guess."""
