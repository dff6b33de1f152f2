"""The floor the services stand on: contracts, clients and the few things two services both need.

Holds no business decision and imports none of the services.
"""

__version__ = "0.1.0"
PROTOCOL_VERSION = 1
