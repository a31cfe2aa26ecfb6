"""Trying it out: the demo, made-up inboxes for practice, and the self-test on this computer."""
