#pragma once

#include <string>

#include "results/report/data.h"

namespace duelio::results {

// The run in Google Benchmark's JSON, for tools that read it (its compare.py): for each entry a
// benchmark "<entry>/closed" and "<entry>/open", repeated once for each valid round. cpu_time is
// the server's CPU per request; real_time is the time per request of the closed loop (1 / rate),
// and the median latency of the open loop. The control stands there as "<reference>-again/...".
std::string to_gbench_json(const Report& report);

}  // namespace duelio::results
