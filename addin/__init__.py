"""What a person starts, presses or types into."""
