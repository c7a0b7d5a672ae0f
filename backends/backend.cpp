#include "backends/backend.h"

namespace duelio {

std::string_view to_string(Sharing sharing) noexcept {
  switch (sharing) {
    case Sharing::per_thread:
      return "per-thread";
    case Sharing::shared:
      return "shared";
    case Sharing::exclusive:
      return "exclusive";
    case Sharing::steered:
      return "steered";
  }
  return {};
}

Listeners listen_for(Sharing sharing, unsigned threads, const std::vector<int>& cpus,
                     const os::Address& address, const os::ListenOptions& options) {
  const bool is_one = sharing == Sharing::shared || sharing == Sharing::exclusive;
  Listeners listeners = os::listen_on(address, options, is_one ? 1 : threads);
  if (sharing == Sharing::steered) os::steer_by_cpu(listeners, cpus);
  while (sharing == Sharing::exclusive && listeners.size() < threads)
    listeners.push_back(os::duplicate(listeners.front()));
  return listeners;
}

Counters& Counters::operator+=(const Counters& other) noexcept {
  for (const CounterField& field : counter_fields) this->*field.member += other.*field.member;
  return *this;
}

const Backend* find_backend(std::string_view name) noexcept {
  for (const Backend* backend : all_backends()) {
    if (backend->name == name) return backend;
  }
  return nullptr;
}

const Option* find_option(const Backend& backend, std::string_view name) noexcept {
  for (const Option& option : backend.options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string refusal_of_options(const Backend& backend, std::span<const std::string_view> names,
                               Sharing sharing) {
  const auto has = [](std::span<const std::string_view> all, std::string_view name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name(names[i]);
    const Option* const option = find_option(backend, name);
    if (option == nullptr) {
      std::string known;
      for (const Option& each : backend.options)
        known += (known.empty() ? "" : ", ") + std::string(each.name);
      return "names '" + name + "', which " + std::string(backend.name) + " does not have (" +
             (known.empty() ? "it has no options" : "it has " + known) + ")";
    }
    if (has(names.first(i), name)) return "names '" + name + "' twice";
    for (const std::string_view other : names.first(i)) {
      if (has(option->not_with, other) || has(find_option(backend, other)->not_with, name))
        return "names '" + std::string(other) + "' and '" + name + "', which exclude each other";
    }
    if (!option->sharings.empty() && std::find(option->sharings.begin(), option->sharings.end(),
                                               sharing) == option->sharings.end()) {
      return "names '" + name + "', which does not go with --sharing " +
             std::string(to_string(sharing));
    }
  }
  return {};
}

}  // namespace duelio
