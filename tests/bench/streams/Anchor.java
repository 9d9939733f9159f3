import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The small agent of tests/bench/counting_agent.py on Kafka Streams: the last check-in of each employee in an in-memory store
 * with a changelog, counted by OPD. One thread; several passes in one JVM, of which the last is fully warm.
 *
 * <p>Its clock stops when the last event is processed: what the changelog still has to make durable is in its favour.
 */
public final class Anchor {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String STORE = "last";

    private record Tap(String id, String opd, String employee) {}

    /** One pass over the topic. */
    private static final class Pass {
        final long total;
        final Map<String, Integer> counts = new TreeMap<>();
        final CountDownLatch done = new CountDownLatch(1);
        long seen, began, beganCpu, ended, endedCpu;

        Pass(long total) {
            this.total = total;
        }

        void take(KeyValueStore<String, byte[]> last, byte[] body) {
            if (seen++ == 0) {
                began = System.nanoTime();
                beganCpu = cpu();
            }
            Tap tap = read(body);
            String key = tap.opd() + "|" + tap.employee();
            if (last.get(key) == null) counts.merge(tap.opd(), 1, Integer::sum);
            last.put(key, tap.id().getBytes(StandardCharsets.US_ASCII));
            if (seen == total) {
                ended = System.nanoTime();
                endedCpu = cpu();
                done.countDown();
            }
        }

        String told() {
            String all = counts.entrySet().stream()
                .map(each -> "\"" + each.getKey() + "\": " + each.getValue()).collect(Collectors.joining(", "));
            return String.format(Locale.ROOT, "{\"rate\": %.1f, \"cpu_us\": %.3f, \"counts\": {%s}}",
                total / ((ended - began) / 1e9), (endedCpu - beganCpu) / 1e3 / total, all);
        }
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static Tap read(byte[] body) {
        try (JsonParser parser = JSON.createParser(body)) {
            String id = null, opd = null, employee = null;
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "id" -> id = parser.getText();
                    case "partitionkey" -> opd = parser.getText();
                    case "data" -> employee = employee(parser);
                    default -> parser.skipChildren();
                }
            }
            return new Tap(id, opd, employee);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static String employee(JsonParser parser) throws IOException {
        String employee = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            if (name.equals("employee")) employee = parser.getText();
            else parser.skipChildren();
        }
        return employee;
    }

    private static Topology topology(String topic, Pass pass) {
        return new Topology()
            .addSource("events", topic)
            .addProcessor("agent", () -> new Processor<byte[], byte[], Void, Void>() {
                private KeyValueStore<String, byte[]> last;

                @Override
                public void init(ProcessorContext<Void, Void> context) {
                    last = context.getStateStore(STORE);
                }

                @Override
                public void process(Record<byte[], byte[]> event) {
                    pass.take(last, event.value());
                }
            }, "events")
            .addStateStore(
                Stores.keyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                    .withLoggingEnabled(Map.of()).withCachingDisabled(),
                "agent");
    }

    private static Properties settings(String bootstrap, String id, String folder) {
        Properties set = new Properties();
        set.putAll(Map.of(
            "application.id", id, "bootstrap.servers", bootstrap, "state.dir", folder, "num.stream.threads", 1,
            "default.key.serde", Serdes.ByteArraySerde.class, "default.value.serde", Serdes.ByteArraySerde.class,
            "auto.offset.reset", "earliest", "replication.factor", 1, "commit.interval.ms", 1000));
        set.put("max.poll.records", 5000);
        set.put("max.partition.fetch.bytes", 4 << 20);
        set.put("buffered.records.per.partition", 10_000);
        set.put(StreamsConfig.producerPrefix("acks"), "all");
        set.put(StreamsConfig.producerPrefix("batch.size"), 256_000);
        set.put(StreamsConfig.producerPrefix("linger.ms"), 20);
        set.put(StreamsConfig.producerPrefix("compression.type"), "snappy");
        set.put(StreamsConfig.producerPrefix("buffer.memory"), 64 << 20);
        return set;
    }

    /** bootstrap, topic, events, passes, name of the run, folder. The last line printed is the last pass. */
    public static void main(String[] given) throws InterruptedException {
        for (int number = 1; number <= Integer.parseInt(given[3]); number++) {
            Pass pass = new Pass(Long.parseLong(given[2]));
            Properties set = settings(given[0], given[4] + "-" + number, given[5]);
            KafkaStreams streams = new KafkaStreams(topology(given[1], pass), set);
            streams.start();
            pass.done.await();
            streams.close();
            streams.cleanUp();
            System.out.println(pass.told());
        }
        System.exit(0);
    }
}
