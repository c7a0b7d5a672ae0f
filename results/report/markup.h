#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

// The pieces of HTML that the page is made of.
namespace duelio::results::markup {

std::string escape(std::string_view text);

// JSON inside a script element: "</script" must not occur, nor may "<!--".
std::string embed(const boost::json::value& value);

// As a reader of the page wants it: null is "not available", arrays are lists.
std::string show(const boost::json::value& value);

std::string number(double value, const char* format = "%.2f");

// Content that opens on request.
enum class Fold : std::uint8_t { closed, open };
std::string fold(std::string_view summary, const std::string& content, Fold state = Fold::closed);

// `page` with each {{name}} replaced by parts[name].
std::string fill(std::string_view page,
                 const std::map<std::string, std::string, std::less<>>& parts);

// Takes text, escapes it.
class Table {
 public:
  // Words are aligned left, numbers (but for the first column) right; in a table of pairs the first
  // column stays in sight.
  enum class Of : std::uint8_t { numbers, words, pairs };

  Table(std::string_view caption, const std::vector<std::string>& heads, Of content = Of::numbers);
  // `link` is where the first cell leads.
  void row(const std::vector<std::string>& cells, std::string_view link = {});
  void html_row(std::string_view head, const std::string& cells);  // as HTML, td elements
  void across(const std::string& html);  // a row of one cell, as wide as the table
  std::string str() const { return html_ + "</tbody></table></div>\n"; }

 private:
  std::size_t columns_;
  std::string html_;
};

}  // namespace duelio::results::markup
