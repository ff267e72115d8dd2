"""Debian's paho as a device of the broker under test: publishes at each QoS, and hears an alarm.

Usage: paho-client.py PORT USER PASSWORD [CA CERT KEY]. Publishes plant/USER at QoS 0, 1 and 2, each
once the one before is acknowledged; says {"acknowledged": QOS} for each, then {"subscribed": CODE},
and {"topic", "payload"} for what it hears, as JSON lines, until its input ends.
"""
import json
import sys
import threading

import paho.mqtt.client as mqtt

port, user, password, *tls = sys.argv[1:]
connected = threading.Event()
client = mqtt.Client(client_id=f"paho-{user}")
if tls:
    ca, cert, key = tls
    client.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
if password:
    client.username_pw_set(user, password)


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


client.on_connect = lambda *_: connected.set()
client.on_subscribe = lambda _client, _data, _mid, granted: say({"subscribed": granted[0]})
client.on_message = lambda _client, _data, m: say({"topic": m.topic, "payload": str(m.payload)})
client.connect("localhost", int(port))
client.loop_start()
if not connected.wait(10):
    sys.exit("not connected")
for qos in (0, 1, 2):
    payload = json.dumps({"ts": 1763707200000 + qos, f"qos{qos}": qos})
    client.publish(f"plant/{user}", payload, qos=qos).wait_for_publish(10)
    say({"acknowledged": qos})
client.subscribe("penstock/alarms/#", qos=1)
sys.stdin.read()
