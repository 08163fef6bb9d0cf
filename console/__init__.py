"""The administrators' console: the Django project."""
