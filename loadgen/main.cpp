#include <fstream>
#include <iostream>

#include <boost/json.hpp>

#include "loadgen/report.h"

namespace {

void write_file(const std::string& name, const std::function<void(std::ostream&)>& write) {
  if (name.empty()) return;
  if (name == "-") return write(std::cout);
  std::ofstream file(name);
  write(file);
  file.close();
  if (!file) throw std::runtime_error("write " + name + " failed");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace duelio;
  return cli::run(loadgen::tool, [&] {
    const auto options = loadgen::parse_options(argc, argv);
    if (!options) return cli::exit_ok;
    const auto result =
        loadgen::run_load(*options, [&](std::string_view phase, std::int64_t now_ns) {
          if (options->phases) std::cout << "phase " << phase << ' ' << now_ns << std::endl;
        });
    if (!options->phases && options->json != "-")
      loadgen::print_summary(std::cout, *options, result);
    write_file(options->json, [&](std::ostream& out) {
      out << boost::json::serialize(loadgen::to_json(*options, result)) << '\n';
    });
    write_file(options->histogram,
               [&](std::ostream& out) { loadgen::write_hgrm(out, result.tally.latency); });
    if (result.interrupted) return cli::exit_interrupted;
    return loadgen::judge(*options, result).usable ? cli::exit_ok : cli::exit_failure;
  });
}
