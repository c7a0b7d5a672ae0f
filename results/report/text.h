#pragma once

#include <span>
#include <string>

#include "results/report/data.h"

namespace duelio::results {

// The primary metric's verdict on an entry.
std::string answer(const Report& report, const Contrast& contrast);

// The primary metric and the throughput as a table, with the command that made it; `figure` is the
// path of an image to show, or empty.
std::string to_markdown(const Report& report, const std::string& figure = {});

// The same for each of several runs, under the name of its file.
std::string to_markdown(std::span<const Report> reports);

// Every metric of every slice, one row each:
// round,attempt,position,entry,role,valid,phase,metric,value; several runs have a first column,
// file.
std::string to_csv(std::span<const Report> reports);

// `content` between the lines <!-- duelio:begin --> and <!-- duelio:end --> of `document`. Throws
// std::invalid_argument when the marks are missing.
std::string splice(const std::string& document, const std::string& content);

}  // namespace duelio::results
