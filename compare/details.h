#pragma once

#include <string>
#include <string_view>

#include "results/machine.h"

namespace duelio::compare {

// What /proc, /sys, uname(2) and cpuid say of this machine. Nothing throws: what cannot be read is
// an empty text.
results::Details describe_details();

// The kernel's command line without the values that name disks, hosts or files: they are nobody's
// business, and change no figure.
std::string without_places(std::string_view command_line);

// Of the kernel's configuration, a text of lines such as "CONFIG_HZ=250": what decides when other
// work interrupts a server and whom it is charged to.
std::string kernel_options(std::string_view configuration);

}  // namespace duelio::compare
