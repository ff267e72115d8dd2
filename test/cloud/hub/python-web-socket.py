"""Sends and receives over WebSockets with Debian's azure-eventhub. Arguments: connection string, CA file, address."""
import json
import sys
import threading
import time

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient, TransportType

connection, ca_file, address = sys.argv[1:4]
options = dict(
    transport_type=TransportType.AmqpOverWebsocket,
    custom_endpoint_address=address,
    connection_verify=ca_file,
    retry_total=1,
)

producer = EventHubProducerClient.from_connection_string(connection, **options)
partitions = producer.get_partition_ids()
producer.send_batch([EventData("one")], partition_id="1")
producer.send_batch([EventData("x" * 300_000)], partition_id="1")
producer.close()

consumer = EventHubConsumerClient.from_connection_string(connection, consumer_group="penstock", **options)
bodies = []
errors = []
thread = threading.Thread(
    target=lambda: consumer.receive(
        on_event=lambda context, event: bodies.append(event.body_as_str()),
        on_error=lambda context, error: errors.append(repr(error)),
        partition_id="1",
        starting_position="-1",
    ),
    daemon=True,
)
thread.start()
deadline = time.monotonic() + 20
while len(bodies) < 2 and not errors and time.monotonic() < deadline:
    time.sleep(0.02)
consumer.close()
thread.join(10)
print(json.dumps(dict(partitions=partitions, bodies=bodies, **(dict(errors=errors) if errors else {}))))
