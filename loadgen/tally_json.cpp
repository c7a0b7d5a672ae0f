#include "loadgen/tally_json.h"

#include <string>

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
    json::object error{{"class", error_class_names[static_cast<std::size_t>(error_class)]},
                       {"errno", nullptr},
                       {"name", nullptr},
                       {"reason", nullptr},
                       {"byte", nullptr},
                       {"count", count}};
    if (has_errno(error_class) && number != 0) {
      error["errno"] = number;
      error["name"] = os::errno_name(number);
    } else if (error_class == ErrorClass::status) {
      error["reason"] = "status " + std::to_string(number);
    } else if (error_class == ErrorClass::malformed) {
      const auto flaw = static_cast<Flaw>(number);
      error["reason"] = describe(flaw);
      error["byte"] = tally.first_refused.at(flaw);
    }
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace duelio::loadgen
