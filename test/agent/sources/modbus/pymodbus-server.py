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
import pathlib
import struct
import sys

sys.path.append(str(pathlib.Path(__file__).parents[3] / "support"))
from modbuswords import NUMBERS, ORDERS  # Before pymodbus: it lets it be imported.

from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
    ModbusSparseDataBlock,
)
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusAsciiFramer, ModbusRtuFramer, ModbusSocketFramer

def words_of(kind, order, value):
    byteorder, wordorder = ORDERS[order]
    builder = BinaryPayloadBuilder(byteorder=byteorder, wordorder=wordorder)
    if kind == "string":
        builder.add_string(value)
    else:
        add = getattr(builder, f"add_{NUMBERS[kind][1]}")
        add(int(str(value), 16) if kind.startswith("bcd") else value)
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
