#pragma once

#include "results/machine.h"

namespace duelio::compare {

// Measures what the kernel's services cost on these two CPUs, in about a third of a second. Throws
// std::system_error.
results::Costs measure_costs(int server_cpu, int client_cpu);

}  // namespace duelio::compare
