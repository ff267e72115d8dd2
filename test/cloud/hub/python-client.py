"""What Debian's azure-eventhub sees of the hub, as one JSON line. Arguments: connection string, CA file, port."""
import json
import sys
import threading
import time

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient
from azure.eventhub._pyamqp.sasl import SASLTransport

connection, ca_file, port = sys.argv[1:4]
# This version has no setting for the port of plain AMQP: it always takes 5671.
SASLTransport.__init__.__kwdefaults__["port"] = int(port)
options = dict(
    connection_verify=ca_file,
    retry_total=1,
)
seen = {}

producer = EventHubProducerClient.from_connection_string(connection, **options)
seen["partitions"] = producer.get_eventhub_properties()["partition_ids"]
seen["empty"] = producer.get_partition_properties("3")["is_empty"]

keyed = {}
for key in ["hall-3/0", "hall-3/1", "maschine-ä", "x" * 50]:
    before = {p: producer.get_partition_properties(p)["last_enqueued_sequence_number"] for p in seen["partitions"]}
    batch = producer.create_batch(partition_key=key)
    batch.add(EventData("by key"))
    producer.send_batch(batch)
    for p in seen["partitions"]:
        if producer.get_partition_properties(p)["last_enqueued_sequence_number"] > before[p]:
            keyed[key] = int(p)
seen["keyed"] = keyed

seen["before"] = producer.get_partition_properties("3")["last_enqueued_sequence_number"]
event = EventData(b"\x00\x01raw")
event.properties = {"k": "v", "n": 5}
event.message_id = "mid"
event.content_type = "application/octet-stream"
producer.send_batch([event], partition_id="3")
full = producer.create_batch(partition_id="3")
count = 0
try:
    while True:
        full.add(EventData("x" * 200))
        count += 1
except ValueError:
    pass
producer.send_batch(full)
seen["sent"] = count + 1
producer.close()


def read(position, inclusive, wanted, **more):
    consumer = EventHubConsumerClient.from_connection_string(connection, consumer_group="penstock", **options)
    got = []
    errors = []

    def on_event(context, event):
        if event is not None and len(got) < wanted:
            got.append((event, context.last_enqueued_event_properties))

    def on_error(context, error):
        errors.append(repr(error))

    arguments = dict(
        on_event=on_event,
        on_error=on_error,
        partition_id="3",
        starting_position=position,
        starting_position_inclusive=inclusive,
    )
    arguments.update(more)
    thread = threading.Thread(target=lambda: consumer.receive(**arguments), daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while len(got) < wanted and not errors and time.monotonic() < deadline:
        time.sleep(0.02)
    consumer.close()
    thread.join(10)
    return got, errors


first = seen["before"] + 1
got, errors = read("-1", False, first + seen["sent"], track_last_enqueued_event_properties=True, owner_level=3)
seen["errors"] = errors
seen["received"] = len(got)
raw, last_known = got[first]
seen["raw"] = {
    "body": list(raw.body_as_str(encoding="latin1").encode("latin1")),
    "properties": {(k.decode() if isinstance(k, bytes) else k): (v.decode() if isinstance(v, bytes) else v) for k, v in raw.properties.items()},
    "message_id": raw.message_id,
    "content_type": raw.content_type,
    "sequence": raw.sequence_number,
}
seen["newest"] = last_known["sequence_number"]
middle = got[first + 10][0]
seen["middle"] = middle.sequence_number
seen["by_sequence"] = read(middle.sequence_number, False, 1)[0][0][0].sequence_number
seen["by_sequence_inclusive"] = read(middle.sequence_number, True, 1)[0][0][0].sequence_number
seen["by_offset"] = read(middle.offset, False, 1)[0][0][0].sequence_number
seen["by_time"] = read(raw.enqueued_time, True, 1)[0][0][0].sequence_number
print(json.dumps(seen))
