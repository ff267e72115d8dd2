"""Reads and decodes registers and bits with pymodbus' own client and decoder.

Reads one JSON document from standard input:
  {"port": 1502, "framing": "tcp" | "rtu",
   "reads": [{"unit": 1, "table": "holding", "address": 0, "type": "float32", "order": "CDAB", "length": 1}, ...]}
and prints a list with one value, or {"error": "..."}, a read. Addresses count from 0.
"""
import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parents[2] / "support"))
from modbuswords import NUMBERS, ORDERS  # Before pymodbus: it lets it be imported.

from pymodbus.client import ModbusTcpClient
from pymodbus.payload import BinaryPayloadDecoder
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


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
    value = getattr(decoder, f"decode_{NUMBERS[kind][1]}")()
    return int(format(value, "x")) if kind.startswith("bcd") else value


plan = json.load(sys.stdin)
framer = {"tcp": ModbusSocketFramer, "rtu": ModbusRtuFramer}[plan["framing"]]
client = ModbusTcpClient("127.0.0.1", port=plan["port"], framer=framer, timeout=5)
assert client.connect()
kinds = {"coil": bits, "discrete": bits, "holding": registers, "input": registers}
json.dump([kinds[read["table"]](client, read) for read in plan["reads"]], sys.stdout)
client.close()
