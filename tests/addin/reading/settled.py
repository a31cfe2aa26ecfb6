"""A plugin for pytest: all that it runs takes its children from the server that a command forks (`settle`)."""

from addin.reading import isolation

isolation.settle()
assert isolation._server is not None
