"""What both ends of pymodbus need here: that it can be imported, and how values stand in registers."""
import sys
import types

# Debian's package only recommends pyserial, but both modules import it for their serial side.
for name in ("serial", "serial_asyncio"):
    try:
        __import__(name)
    except ImportError:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].create_serial_connection = None

from pymodbus.constants import Endian

ORDERS = {
    "ABCD": (Endian.Big, Endian.Big),
    "CDAB": (Endian.Big, Endian.Little),
    "BADC": (Endian.Little, Endian.Big),
    "DCBA": (Endian.Little, Endian.Little),
}

# Registers of a type, and what pymodbus calls it. It knows no BCD: the digits are those of the hexadecimal number.
NUMBERS = {
    "int16": (1, "16bit_int"),
    "uint16": (1, "16bit_uint"),
    "int32": (2, "32bit_int"),
    "uint32": (2, "32bit_uint"),
    "float32": (2, "32bit_float"),
    "int64": (4, "64bit_int"),
    "uint64": (4, "64bit_uint"),
    "float64": (4, "64bit_float"),
    "bcd16": (1, "16bit_uint"),
    "bcd32": (2, "32bit_uint"),
}
