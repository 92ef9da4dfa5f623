#pragma once

#include <CLI/CLI.hpp>

#include <sstream>
#include <string>

namespace program {

/// Formats --help in two columns: the option with its unit, and its description with its default.
class Help : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool) const override {
    std::string text = option->get_description();
    if (!option->get_default_str().empty()) text += " [" + option->get_default_str() + "]";

    std::string line = "  " + option->get_name(false, true);
    if (!option->get_type_name().empty()) line += ' ' + option->get_type_name();
    if (line.size() < text_column) {
      line.resize(text_column, ' ');
    } else {
      line += '\n' + std::string(text_column, ' ');
    }

    std::istringstream words(text);
    std::size_t column = text_column;
    for (std::string word; words >> word; column += word.size() + 1) {
      if (column + word.size() > page_width) {
        line.back() = '\n';
        line += std::string(text_column, ' ');
        column = text_column;
      }
      line += word + ' ';
    }
    line.back() = '\n';
    return line;
  }

 private:
  static constexpr std::size_t text_column = 26;
  static constexpr std::size_t page_width = 100;
};

/// The same without CLI11's lines about the words of the command line, which the description of the program explains.
class CommandHelp : public Help {
 public:
  std::string make_usage(const CLI::App*, std::string) const override { return {}; }
  std::string make_positionals(const CLI::App*) const override { return {}; }
};

}  // namespace program
