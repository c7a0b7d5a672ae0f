#pragma once

#include "common/command_line.h"

// What the two executables say of themselves, and the flags that they take.
namespace duelio::compare {

extern const cli::Tool tool;           // duelio-compare
extern const cli::Tool tool_of_hosts;  // duelio-compare-mpi, which has flags for hosts, too

boost::program_options::options_description described(bool has_hosts);

}  // namespace duelio::compare
