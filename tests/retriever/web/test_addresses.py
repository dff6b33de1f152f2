"""Only public addresses are connected to, whatever form hides another."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.web.addresses import refusal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:a9fe:a9fe",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:0a00:0001::1",
        "2606:4700::5efe:7f00:1",
        "2606:4700:0:0:200:5efe:a00:1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "fe80::1%eth0",
        "2606:4700::1111%1",
        "localhost",
        "0x7f.0.0.1",
        "",
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    """Loopback, private, link-local, shared, reserved and multicast, also inside of other forms."""
    assert refusal(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111"]
)
def test_what_is_public_is_let_through(address: str) -> None:
    """Ordinary addresses of the internet."""
    assert refusal(address) == ""


@pytest.mark.parametrize("address", ["::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_a_public_address_in_another_form_stays_public(address: str) -> None:
    """What a network of IPv6 alone makes of a public IPv4 address."""
    assert refusal(address) == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_is_allowed_to_tests(address: str) -> None:
    """The setting opens this machine and nothing else."""
    assert refusal(address, allow_loopback=True) == ""
    for other in ("10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1"):
        assert refusal(other, allow_loopback=True)


@given(st.integers(0, 2**32 - 1))
def test_no_form_of_an_address_says_more_than_the_address(number: int) -> None:
    """An IPv4 address is refused alike as it is, mapped, and translated; never let through where Python knows
    it as private."""
    plain = IPv4Address(number)
    forms = (IPv6Address(0xFFFF00000000 | number), IPv6Address((0x64FF9B << 96) | number))
    assert {bool(refusal(str(form))) for form in (plain, *forms)} == {bool(refusal(str(plain)))}
    if not plain.is_global or plain.is_multicast:
        assert refusal(str(plain))
    assert refusal(str(IPv6Address((0x2002 << 112) | (number << 80))))


@given(st.integers(0, 2**128 - 1))
def test_ipv6_is_let_through_only_where_it_is_global(number: int) -> None:
    """Of all IPv6 addresses only global unicast is ever connected to."""
    address = ip_address(str(IPv6Address(number)))
    if refusal(str(address)) == "":
        assert address.is_global
        assert not address.is_multicast
