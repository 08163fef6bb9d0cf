"""Which of Exchange's commands a save amounts to. Below the forms that show them, and the shell that runs them."""
