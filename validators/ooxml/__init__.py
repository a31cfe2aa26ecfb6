"""What an .xlsx package consists of, and opening one that nobody vouches for."""
