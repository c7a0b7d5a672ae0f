#pragma once

#include "backends/support/ring.h"

namespace duelio {

// Makes room for sockets that only this ring knows (io_uring_register_files_sparse(3)). A process
// may have no more of them than descriptors. Throws std::system_error.
void make_direct_table(Ring& ring);

}  // namespace duelio
