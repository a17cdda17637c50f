"""A monitor that takes a client in by msgr2 and then says no: enough of the protocol for `auth none`.

What the frames are is in msgr2.rst; the version is 2.1 in crc mode.
"""

import struct

BANNER = b"ceph v2\n" + struct.pack("<HQQ", 16, 1, 1)
HELLO, AUTH_REQUEST, AUTH_BAD_METHOD, AUTH_DONE, AUTH_SIGNATURE, CLIENT_IDENT = 1, 2, 3, 6, 7, 8
IDENT_MISSING_FEATURES = 10
PREAMBLE = 32
MONITOR = 1


def _table():
    """Of CRC-32C."""
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


TABLE = list(_table())


def crc32c(data, value):
    """As Ceph does it: nothing is inverted."""
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value


def exactly(peer, count):
    """So many bytes."""
    data = b""
    while len(data) < count:
        if not (more := peer.recv(count - len(data))):
            raise OSError("the client went away")
        data += more
    return data


def send(peer, tag, payload):
    """A frame of one segment."""
    preamble = struct.pack("<BBIHIHIHIHBB", tag, 1, len(payload), 8, 0, 0, 0, 0, 0, 0, 0, 0)
    crc = struct.pack("<I", crc32c(payload, 0xFFFFFFFF))
    peer.sendall(preamble + struct.pack("<I", crc32c(preamble, 0)) + payload + crc)


def receive(peer, wanted):
    """The next frame must be this one; its payload."""
    preamble = exactly(peer, PREAMBLE)
    tag, _, length = struct.unpack_from("<BBI", preamble)
    payload = exactly(peer, length + 4)[:-4]
    if tag != wanted:
        raise OSError(f"frame {tag} and not {wanted}")
    return payload


def address(port):
    """An address of loopback, as Ceph encodes it."""
    inner = struct.pack("<III", 2, 0, 16) + struct.pack("<H", 2) + struct.pack(">H", port) + bytes([127, 0, 0, 1]) + bytes(8)
    return b"\x01" + struct.pack("<BBI", 1, 1, len(inner)) + inner


def greet(peer):
    """Up to the client's wish for a way to log in."""
    peer.sendall(BANNER)
    exactly(peer, len(BANNER))
    send(peer, HELLO, struct.pack("<B", MONITOR) + address(peer.getpeername()[1]))
    receive(peer, HELLO)
    receive(peer, AUTH_REQUEST)


def lacks_features(peer):
    """Lets the client in, and then wants features of it that it does not have."""
    greet(peer)
    # A global id, mode crc, and nothing of the method's own.
    send(peer, AUTH_DONE, struct.pack("<QII", 4711, 1, 0))
    send(peer, AUTH_SIGNATURE, bytes(32))
    receive(peer, AUTH_SIGNATURE)
    receive(peer, CLIENT_IDENT)
    send(peer, IDENT_MISSING_FEATURES, struct.pack("<Q", 1 << 62))


def takes_other_methods(peer):
    """Takes no method that the client may know."""
    greet(peer)
    send(peer, AUTH_BAD_METHOD, struct.pack("<IiIIII", 1, -95, 1, 4711, 1, 1))
