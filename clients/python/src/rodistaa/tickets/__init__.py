"""Rodistaa Tickets, seen from outside: `v1` is the generated contract, `client` the way to call it.

`rodistaa` itself is a namespace package, so that other Rodistaa distributions may share it.
"""
