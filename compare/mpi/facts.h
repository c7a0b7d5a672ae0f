#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "compare/options.h"

namespace duelio::compare {

// What an agent says of its host and of what lies there beside it, and rank 0 of its own.
boost::json::object facts_of_this_host();
Host host_of(const boost::json::object& facts);

// Why a rank cannot take part in this build's comparison; empty: it can.
std::string refusal_of(int rank, const boost::json::object& facts,
                       const boost::json::object& of_rank_0);

// The IPv4 address of an interface, or of the first that is up and not loopback. Throws
// std::runtime_error.
std::string address_of_interface(const std::string& name);

}  // namespace duelio::compare
