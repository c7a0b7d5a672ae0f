#pragma once

#include "backends/backend.h"
#include "servers/options.h"

namespace duelio::server {

// The listeners that the backend's sharing asks for. An address whose last owner is gone may still
// be taken: the kernel lets go of an io_uring's sockets some time after its process was killed. So
// one in use is asked for again for some time (and that is said on stderr when it helped). Empty
// when a stop was requested meanwhile. Throws std::runtime_error.
Listeners open_listeners(const Options& options);

}  // namespace duelio::server
