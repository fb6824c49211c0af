"""What is within somebody's network is not asked for others, however it is written."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given, strategies as st

from mailer.core.internet import is_public

INSIDE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200",
    "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1",
    "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2001::1", "2001:2::1",
    "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1",
    "4000::1", "2606:4700::1%eth0",
    "", "localhost", "127.1", "0x7f000001", "2130706433", "017700000001", "8.8.8.8 ",
]  # fmt: skip
EVERYBODYS = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1",
    "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e",
    "2620:fe::fe",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_within_a_network_is_not_everybodys(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", EVERYBODYS)
def test_an_address_on_the_internet_is(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4))
def test_wrapping_an_address_in_another_opens_no_gate(inner: IPv4Address) -> None:
    number = int(inner)
    wrapped = [
        f"::ffff:{inner}",
        f"::{inner}",
        f"64:ff9b::{inner}",
        str(ip_address((0x2002 << 112) | (number << 80))),
        str(ip_address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),
    ]
    assert not any(map(is_public, wrapped))
