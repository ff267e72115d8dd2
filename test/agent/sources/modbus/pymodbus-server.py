"""A Modbus TCP server of pymodbus whose registers are filled by pymodbus' own encoder.

Reads one JSON document from standard input:
  {"framing": "tcp" | "rtu" | "ascii",
   "units": {"1": {"registers": [[address, type, order, value], ...],
                   "words": [[address, [word, ...]], ...],
                   "coils": [bool, ...], "discretes": [bool, ...]}}}
and prints the port that it listens on. Addresses count from 0. Ends when standard input closes.
"""
import asyncio
import json
import logging
import struct
import sys
import types

# Debian's package only recommends pyserial, but the server's module imports it for its serial side.
for name in ("serial", "serial_asyncio"):
    try:
        __import__(name)
    except ImportError:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].create_serial_connection = None

from pymodbus.constants import Endian
from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
    ModbusSparseDataBlock,
)
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusAsciiFramer, ModbusRtuFramer, ModbusSocketFramer

ORDERS = {
    "ABCD": (Endian.Big, Endian.Big),
    "CDAB": (Endian.Big, Endian.Little),
    "BADC": (Endian.Little, Endian.Big),
    "DCBA": (Endian.Little, Endian.Little),
}

ADD = {
    "int16": "add_16bit_int",
    "uint16": "add_16bit_uint",
    "int32": "add_32bit_int",
    "uint32": "add_32bit_uint",
    "float32": "add_32bit_float",
    "int64": "add_64bit_int",
    "uint64": "add_64bit_uint",
    "float64": "add_64bit_float",
    "bcd16": "add_16bit_uint",
    "bcd32": "add_32bit_uint",
    "string": "add_string",
}


def words_of(kind, order, value):
    byteorder, wordorder = ORDERS[order]
    builder = BinaryPayloadBuilder(byteorder=byteorder, wordorder=wordorder)
    # pymodbus knows no BCD: the digits are those of a hexadecimal number.
    getattr(builder, ADD[kind])(int(str(value), 16) if kind.startswith("bcd") else value)
    raw = b"".join(builder.build())
    return [word for (word,) in struct.iter_unpack(">H", raw)]


def unit_context(unit):
    holding = {}
    for address, kind, order, value in unit.get("registers", []):
        for index, word in enumerate(words_of(kind, order, value)):
            holding[address + index] = word
    for address, words in unit.get("words", []):
        for index, word in enumerate(words):
            holding[address + index] = word
    coils = unit.get("coils") or [False]
    discretes = unit.get("discretes") or [False]
    registers = ModbusSparseDataBlock(holding or {0: 0})
    return ModbusSlaveContext(
        hr=registers,
        ir=registers,
        co=ModbusSequentialDataBlock(0, coils),
        di=ModbusSequentialDataBlock(0, discretes),
        zero_mode=True,
    )


logging.disable(logging.CRITICAL)


async def main():
    plan = json.loads(sys.stdin.readline())
    slaves = {int(number): unit_context(unit) for number, unit in plan["units"].items()}
    context = ModbusServerContext(slaves=slaves, single=False)
    framers = {"tcp": ModbusSocketFramer, "rtu": ModbusRtuFramer, "ascii": ModbusAsciiFramer}
    server = ModbusTcpServer(
        context,
        framer=framers[plan["framing"]],
        address=("127.0.0.1", 0),
        ignore_missing_slaves=True,
    )
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print(server.server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    serving.cancel()


asyncio.run(main())
