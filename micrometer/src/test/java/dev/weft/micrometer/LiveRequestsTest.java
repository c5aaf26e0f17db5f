package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Request;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of live requests against a map. */
final class LiveRequestsTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 64, 1L << 32, 0x1000_0000_0001L})
  void findsWhatIsThereAndNothingElse(long idStep) {
    LiveRequests live = new LiveRequests();
    Map<Long, LiveRequest> model = new HashMap<>();
    Random random = new Random(idStep);
    for (int i = 0; i < 20_000; i++) {
      long id = idStep * random.nextInt(300) - 150;
      if (random.nextInt(5) < 2) {
        LiveRequest request = new LiveRequest(Request.builder(id, 1).build(), i);
        live.put(request);
        model.put(id, request);
      } else if (random.nextBoolean()) {
        live.remove(id);
        model.remove(id);
      }
      assertThat(live.find(id)).isSameAs(model.get(id));
      assertThat(live.size()).isEqualTo(model.size());
    }
    for (int i = 0; i < 300; i++) {
      assertThat(live.find(idStep * i - 150)).isSameAs(model.get(idStep * i - 150));
    }
  }
}
