"""Reads and decodes registers and bits with pymodbus' own client and decoder.

Reads one JSON document from standard input:
  {"port": 1502, "framing": "tcp" | "rtu",
   "reads": [{"unit": 1, "table": "holding", "address": 0, "type": "float32", "order": "CDAB", "length": 1}, ...]}
and prints a list with one value, or {"error": "..."}, a read. Addresses count from 0.
"""
import json
import sys
import types

# Debian's package only recommends pyserial, but the client's module imports it for its serial side.
for name in ("serial", "serial_asyncio"):
    try:
        __import__(name)
    except ImportError:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].create_serial_connection = None

from pymodbus.client import ModbusTcpClient
from pymodbus.constants import Endian
from pymodbus.payload import BinaryPayloadDecoder
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

ORDERS = {
    "ABCD": (Endian.Big, Endian.Big),
    "CDAB": (Endian.Big, Endian.Little),
    "BADC": (Endian.Little, Endian.Big),
    "DCBA": (Endian.Little, Endian.Little),
}

# Registers, and how pymodbus decodes them. It knows no BCD: the digits are those of the hexadecimal number.
NUMBERS = {
    "int16": (1, "decode_16bit_int"),
    "uint16": (1, "decode_16bit_uint"),
    "int32": (2, "decode_32bit_int"),
    "uint32": (2, "decode_32bit_uint"),
    "float32": (2, "decode_32bit_float"),
    "int64": (4, "decode_64bit_int"),
    "uint64": (4, "decode_64bit_uint"),
    "float64": (4, "decode_64bit_float"),
    "bcd16": (1, "decode_16bit_uint"),
    "bcd32": (2, "decode_32bit_uint"),
}


def bits(client, read):
    ask = {"coil": client.read_coils, "discrete": client.read_discrete_inputs}[read["table"]]
    answer = ask(read["address"], 1, slave=read["unit"])
    return {"error": str(answer)} if answer.isError() else answer.bits[0]


def registers(client, read):
    kind = read["type"]
    size = read["length"] if kind == "string" else NUMBERS[kind][0]
    ask = {"holding": client.read_holding_registers, "input": client.read_input_registers}[read["table"]]
    answer = ask(read["address"], size, slave=read["unit"])
    if answer.isError():
        return {"error": str(answer)}
    byteorder, wordorder = ORDERS[read["order"]]
    decoder = BinaryPayloadDecoder.fromRegisters(answer.registers, byteorder=byteorder, wordorder=wordorder)
    if kind == "string":
        return decoder.decode_string(2 * size).decode("latin-1").rstrip("\0")
    value = getattr(decoder, NUMBERS[kind][1])()
    return int(format(value, "x")) if kind.startswith("bcd") else value


plan = json.load(sys.stdin)
framer = {"tcp": ModbusSocketFramer, "rtu": ModbusRtuFramer}[plan["framing"]]
client = ModbusTcpClient("127.0.0.1", port=plan["port"], framer=framer, timeout=5)
assert client.connect()
kinds = {"coil": bits, "discrete": bits, "holding": registers, "input": registers}
json.dump([kinds[read["table"]](client, read) for read in plan["reads"]], sys.stdout)
client.close()
