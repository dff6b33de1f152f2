"""Which IP addresses may be connected to: public ones, whatever form hides another.

Pure. The rule is a list of what is refused (the special-purpose registries of IANA), not what a library's
version calls global.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_V4 = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a carrier",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "a cloud's own service",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_V6 = {
    "::1/128": "loopback",
    "2001::/23": "reserved",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "3fff::/20": "documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
}
_REFUSED_V4 = [(IPv4Network(network), what) for network, what in _V4.items()]
_REFUSED_V6 = [(IPv6Network(network), what) for network, what in _V6.items()]
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL = IPv6Network("2000::/3")
_ISATAP = (0x00005EFE, 0x02005EFE)


def refusal(address: str, *, allow_loopback: bool = False) -> str:
    """Return why ``address`` must not be connected to, or an empty string when it may."""
    if "%" in address:
        return "an address with a zone"
    try:
        parsed = ip_address(address)
    except ValueError:
        return "no address"
    # The very form matters: a translator may carry ::ffff:127.0.0.1 elsewhere than to this machine.
    if allow_loopback and parsed.is_loopback and _inner(parsed) is None:
        return ""
    inner = _inner(parsed)
    return _plain(parsed if inner is None else inner)


def _plain(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return next((what for network, what in _REFUSED_V4 if address in network), "")
    for network, what in _REFUSED_V6:
        if address in network:
            return what
    if address not in _GLOBAL:
        return "reserved"
    return "a tunnel" if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP else ""


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for (RFC 4291, section 2.5.5.2; RFC 6052)."""
    if isinstance(address, IPv6Address) and (address in _MAPPED or address in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
