#include "loadgen/verdict.h"

#include <algorithm>
#include <cmath>

#include "common/units.h"

namespace duelio::loadgen {

double run_delay_share(const Options& options, const Result& result) noexcept {
  return result.measured_s > 0 ? static_cast<double>(result.tally.run_delay_ns) * 1e-9 /
                                     result.measured_s / options.threads
                               : 0;
}

double achieved_rate(const Result& result) noexcept {
  return result.measured_s > 0
             ? static_cast<double>(result.tally.completed_in_window) / result.measured_s
             : 0;
}

double completed_share(const Tally& tally) noexcept {
  return static_cast<double>(tally.completed_in_window) /
         static_cast<double>(std::max<std::uint64_t>(tally.scheduled, 1));
}

bool server_kept_up(const Tally& tally) noexcept {
  return tally.completed_in_window + std::max<std::uint64_t>(3, tally.scheduled / 100) >=
         tally.scheduled;
}

bool is_conserved(const Tally& tally, bool open_loop) noexcept {
  return tally.sent == tally.completed + tally.request_errors + tally.in_flight &&
         (!open_loop || tally.scheduled == tally.sent + tally.unsent) &&
         tally.latency.count() + tally.cut_short == tally.sent + tally.unsent;
}

LittlesLaw littles_law(const Result& result) noexcept {
  LittlesLaw law;
  law.lambda = achieved_rate(result);
  const double latencies_ns =
      result.tally.latency.mean() * static_cast<double>(result.tally.latency.count());
  law.w = (latencies_ns - result.tally.unanswered_ns) * 1e-9 /
          static_cast<double>(std::max<std::uint64_t>(result.tally.completed, 1));
  if (result.measured_s > 0) law.measured_l = result.tally.busy_ns * 1e-9 / result.measured_s;
  // What crosses the window's edges weighs up to the number in flight; below 1000 completions that
  // is too much.
  law.ok = result.tally.completed_in_window < 1000 || law.lambda * law.w < 0.01 ||
           std::abs(law.lambda * law.w / law.measured_l - 1) < 0.05;
  return law;
}

Verdict judge(const Options& options, const Result& result) {
  Verdict verdict;
  const Tally& tally = result.tally;
  verdict.usable = true;
  const auto unusable = [&](std::string why) {
    verdict.usable = false;
    verdict.reasons.push_back(std::move(why));
  };
  const auto limited = [&](std::string why) {
    verdict.generator_limited = true;
    verdict.reasons.push_back(std::move(why));
  };
  if (result.measured_s == 0) unusable("the window never opened");
  if (tally.completed == 0) unusable("no request completed");
  if (!is_conserved(tally, options.rate.has_value()))
    unusable("the books do not balance: a fault of duelio-loadgen");
  const auto all_opened = [&](std::uint64_t open, std::uint64_t wanted, const char* what) {
    if (open < wanted) {
      unusable("only " + std::to_string(open) + " of " + std::to_string(wanted) + what +
               " could be opened");
    }
  };
  all_opened(tally.established, options.connections, " connections");
  all_opened(tally.established_beside, options.beside(), " idle connections and slow clients");
  if (tally.count(ErrorClass::excess) > 0) unusable("the server sent what no request asked for");
  const auto failed = [&](std::uint64_t count, std::uint64_t of, const char* what) {
    if (count == 0) return;
    const double share =
        static_cast<double>(count) / static_cast<double>(std::max<std::uint64_t>(of, 1));
    if (share > 0.01) {
      unusable(format_percent(share) + " of the " + what + " failed");
    } else {
      verdict.reasons.push_back(std::to_string(count) + " " + what + " failed");
    }
  };
  failed(tally.request_errors, tally.sent, "requests");
  const std::uint64_t refused = tally.count(ErrorClass::connect);
  failed(refused, refused + tally.connect.count(), "connects");
  if (const std::uint64_t unclosed = tally.count(ErrorClass::unclosed); unclosed > 0) {
    verdict.reasons.push_back(std::to_string(unclosed) +
                              " connections stood idle for --timeout after their last answer: the "
                              "server did not close them");
  }

  if (tally.max_thread_share > 0.98) {
    limited("a generator thread was on the CPU for " + format_percent(tally.max_thread_share) +
            " of the window");
  }
  if (const double delay = run_delay_share(options, result); delay > 0.05) {
    limited("the generator waited for a CPU for " + format_percent(delay) + " of the window");
  }
  if (options.rate) {
    const std::uint64_t lag = tally.dispatch_lag.quantile(0.99);
    const std::uint64_t latency = tally.latency.quantile(0.5);
    const bool server_full = !server_kept_up(tally);
    if (lag * 10 > latency && !server_full) {
      verdict.reasons.push_back(
          "the p99 dispatch lag of " + format_duration(static_cast<double>(lag) * 1e-9) +
          " exceeds a tenth of the p50 latency: tails below it are the generator's");
    }
    const double waited = static_cast<double>(tally.had_to_wait) /
                          static_cast<double>(std::max<std::uint64_t>(tally.scheduled, 1));
    if (waited > 0.01 && !server_full) {
      verdict.reasons.push_back(format_percent(waited) +
                                " of the requests waited for a connection to become free");
    }
    if (server_full) {
      verdict.reasons.push_back("only " + format_percent(completed_share(tally)) +
                                " of the offered requests completed in the window");
    }
  }
  if (!littles_law(result).ok)
    verdict.reasons.push_back("Little's law does not hold: the window was not steady");
  return verdict;
}

}  // namespace duelio::loadgen
