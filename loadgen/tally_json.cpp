#include "loadgen/tally_json.h"

#include "common/os/error.h"

namespace duelio::loadgen {

namespace json = boost::json;

json::value summary_of(const Histogram& histogram) {
  if (histogram.count() == 0) return nullptr;
  json::object object{{"count", histogram.count()},
                      {"min", histogram.min()},
                      {"max", histogram.max()},
                      {"mean", histogram.mean()}};
  for (const auto& [name, quantile] : quantiles) {
    object[name] = histogram.supports(quantile) ? json::value(histogram.quantile(quantile))
                                                : json::value(nullptr);
  }
  return object;
}

json::value distribution_of(const Histogram& histogram) {
  json::value value = summary_of(histogram);
  if (value.is_object()) value.as_object()["histogram"] = histogram.to_json();
  return value;
}

json::array errors_of(const Tally& tally) {
  json::array errors;
  for (const auto& [kind, count] : tally.errors) {
    const auto& [error_class, number] = kind;
    errors.push_back(json::object{
        {"class", error_class_names[static_cast<std::size_t>(error_class)]},
        {"errno", number == 0 ? json::value(nullptr) : json::value(number)},
        {"name", number == 0 ? json::value(nullptr) : json::value(os::errno_name(number))},
        {"count", count}});
  }
  return errors;
}

}  // namespace duelio::loadgen
