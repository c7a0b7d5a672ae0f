#pragma once

#include <string>

namespace duelio::results {

// Written beside and renamed: the file appears whole or not at all. A device, or a pipe, is written
// to as it is; - is stdout. Throws std::system_error.
void write_file(const std::string& name, const std::string& content);

}  // namespace duelio::results
