#pragma once

#include <string>

#include <boost/json/array.hpp>

#include "results/report/data.h"

// The charts of the page as tables, for those who cannot or will not see a chart.
namespace duelio::results {

std::string ratio_table(const Report& report);
std::string cost_table(const Report& report);

// Of the rows that the figure of that name is drawn from.
std::string latency_table(const boost::json::array& rows);
std::string memory_table(const boost::json::array& rows);
std::string round_table(const boost::json::array& rows);
std::string second_table(const boost::json::array& rows);
std::string scaling_table(const boost::json::array& rows);
std::string throughput_table(const boost::json::array& rows);

}  // namespace duelio::results
