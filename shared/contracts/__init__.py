"""What the services say to each other and to clients, one file per owner.

Requests forbid unknown fields, answers tolerate them, so services restart in any order.
"""
