#include "results/report/markup.h"

#include <array>
#include <cstdio>

#include <boost/json.hpp>

namespace duelio::results::markup {

namespace json = boost::json;

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string embed(const json::value& value) {
  std::string text = json::serialize(value);
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at))
    text.replace(at, 1, "\\u003c");
  return text;
}

std::string show(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_null()) return "not available";
  if (value.is_double()) return number(value.get_double(), "%g");
  if (value.is_array()) {
    std::string text;
    for (const json::value& element : value.get_array())
      text += (text.empty() ? "" : ", ") + show(element);
    return text.empty() ? "none" : text;
  }
  return json::serialize(value);
}

std::string number(double value, const char* format) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string fold(std::string_view summary, const std::string& content, Fold state) {
  return std::string(state == Fold::open ? "<details open>" : "<details>") + "<summary>" +
         escape(summary) + "</summary>\n" + content + "</details>\n";
}

std::string fill(std::string_view page,
                 const std::map<std::string, std::string, std::less<>>& parts) {
  std::string out;
  while (true) {
    const std::size_t open = page.find("{{");
    out += page.substr(0, open);
    if (open == std::string_view::npos) return out;
    const std::size_t close = page.find("}}", open);
    out += parts.at(std::string(page.substr(open + 2, close - open - 2)));
    page.remove_prefix(close + 2);
  }
}

Table::Table(std::string_view caption, const std::vector<std::string>& heads, Of content)
    : columns_(heads.size()) {
  const std::string_view kind = content == Of::words   ? " words"
                                : content == Of::pairs ? " pairs"
                                                       : "";
  html_ = "<div class=\"table" + std::string(kind) +
          "\" tabindex=\"0\" role=\"group\" aria-label=\"" + escape(caption) +
          "\"><table><caption>" + escape(caption) + "</caption><thead><tr>";
  for (const std::string& head : heads) html_ += "<th scope=\"col\">" + escape(head) + "</th>";
  html_ += "</tr></thead><tbody>\n";
}

void Table::row(const std::vector<std::string>& cells, std::string_view link) {
  html_ += "<tr>";
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) {
      html_ += "<td>" + escape(cell) + "</td>";
    } else if (link.empty()) {
      html_ += "<th scope=\"row\">" + escape(cell) + "</th>";
    } else {
      html_ += "<th scope=\"row\"><a href=\"" + escape(link) + "\">" + escape(cell) + "</a></th>";
    }
  }
  html_ += "</tr>\n";
}

void Table::html_row(std::string_view head, const std::string& cells) {
  html_ += "<tr><th scope=\"row\">" + escape(head) + "</th>" + cells + "</tr>\n";
}

void Table::across(const std::string& html) {
  html_ += "<tr class=\"across\"><td colspan=\"" + std::to_string(columns_) + "\"><div>" + html +
           "</div></td></tr>\n";
}

}  // namespace duelio::results::markup
