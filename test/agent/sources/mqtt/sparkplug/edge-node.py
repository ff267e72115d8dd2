"""A Sparkplug B edge node on Debian's paho and protobuf, led by a test.

Commands come as JSON lines on standard input, each with "do":
  connect   {port, group, node, bdSeq, host}  connects with an NDEATH as its will, and listens
  publish   {type, device, payload, qos}      payload as protobuf's JSON names it, for parse_dict
What it hears goes to standard output as JSON lines: {"topic", "payload"}; payloads that are
Sparkplug's as protobuf's JSON. {"done": N} follows the N-th command.
"""
import json
import sys
import threading

import paho.mqtt.client as mqtt
from google.protobuf import json_format

sys.path.insert(0, sys.argv[1])
import sparkplug_b_pb2 as sparkplug  # noqa: E402  (made by protoc)

client = mqtt.Client(client_id="edge-node")
where = {}
# paho calls back in a thread of its own.
speaking = threading.Lock()


def say(message):
    with speaking:
        print(json.dumps(message), flush=True)


def on_message(_client, _userdata, message):
    if message.topic.startswith("spBv1.0/STATE/"):
        return say({"topic": message.topic, "payload": json.loads(message.payload)})
    payload = sparkplug.Payload()
    payload.ParseFromString(message.payload)
    say({"topic": message.topic, "payload": json_format.MessageToDict(payload)})


def topic_of(kind, device=None):
    topic = f"spBv1.0/{where['group']}/{kind}/{where['node']}"
    return topic if device is None else f"{topic}/{device}"


def bytes_of(payload):
    return json_format.ParseDict(payload, sparkplug.Payload()).SerializeToString()


def connect(command):
    where.update(command)
    metric = {"name": "bdSeq", "datatype": 4, "longValue": command["bdSeq"]}
    client.will_set(topic_of("NDEATH"), bytes_of({"metrics": [metric]}), qos=1)
    client.on_message = on_message
    client.connect("127.0.0.1", command["port"], keepalive=5)
    client.loop_start()
    filters = [(topic_of("NCMD"), 1), (f"spBv1.0/STATE/{command['host']}", 1)]
    client.subscribe(filters)


def publish(command):
    topic = topic_of(command["type"], command.get("device"))
    message = client.publish(topic, bytes_of(command["payload"]), qos=command.get("qos", 0))
    message.wait_for_publish()


for number, line in enumerate(sys.stdin):
    command = json.loads(line)
    {"connect": connect, "publish": publish}[command["do"]](command)
    say({"done": number})
