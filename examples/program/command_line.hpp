#pragma once

#include <CLI/CLI.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv_options.hpp"
#include "json.hpp"

// Checks of the values of options, and the options that several programs have.

namespace program {

/// Throws ValueError for an option without a value, `--option=`: CLI11 would take the next word as its value.
inline void check_empty_values(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--") && word.find('=') + 1 == word.size()) {
      throw gemel::ValueError(word.substr(0, word.size() - 1) + ": '' is empty: give a value, or leave the option out");
    }
  }
}

/// Parses the whole text as a number. Returns false if it is not one.
template <class T>
bool parse(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc{} && result.ptr == end;
}

/// Accepts numbers for which `holds` returns true. `property` describes them in errors. CLI11's own ranges accept NaN.
template <class T>
CLI::Validator number(const std::string& property, bool (*holds)(T)) {
  return {[property, holds](const std::string& text) {
            T value{};
            return parse(text, value) && holds(value) ? std::string{} : "'" + text + "' is not " + property;
          },
          ""};
}

/// Rejects an empty value, as an unset variable gives, and the name of an option, which CLI11 would accept as a value.
inline CLI::Validator text() {
  return {[](const std::string& text) -> std::string {
            if (text.empty()) return "'' is empty: give a value, or leave the option out";
            if (text.starts_with("--")) return "'" + text + "' is not a value, but looks like an option";
            return {};
          },
          ""};
}

inline CLI::Validator path() {
  return {[](const std::string& text) {
            return text.starts_with('-') && !text.starts_with("--")
                       ? "'" + text + "' is not a value; write ./" + text + " for a file of that name"
                       : program::text()(text);
          },
          ""};
}

/// The words that an option accepts, and the value of each.
template <class T>
using Words = std::vector<std::pair<std::string, T>>;

/// The value of the chosen word, or null.
template <class T>
const T* find(const Words<T>& words, const std::string& chosen) {
  for (const auto& [word, meaning] : words) {
    if (word == chosen) return &meaning;
  }
  return nullptr;
}

/// Adds an option that accepts these words. Returns it, as the functions of CLI11 do.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& value, const Words<T>& words,
                        const std::string& help) {
  std::string names, standard;
  for (const auto& [word, meaning] : words) {
    names += (names.empty() ? "" : "|") + word;
    if (meaning == value) standard = word;
  }
  return app
      .add_option_function<std::string>(
          name, [&value, words](const std::string& chosen) { value = *find(words, chosen); }, help)
      ->check(CLI::Validator(
          [words, names](const std::string& chosen) {
            return find(words, chosen) ? std::string{} : "'" + chosen + "' is none of " + names;
          },
          ""))
      ->type_name(names)
      ->default_str(standard);
}

/// Parses one character, or the word tab. Returns an error message, or an empty text.
inline std::string parse_separator(const std::string& text, std::optional<char>& separator) {
  if (text != "tab" && text.size() != 1) return "'" + text + "' is neither one character nor the word tab";
  try {
    const char character = text == "tab" ? '\t' : text[0];
    gemel::detail::check_separator(character);
    separator = character;
    return {};
  } catch (const gemel::ValueError& error) {
    return "'" + text + "': " + error.what();
  }
}

/// Adds --separator, for CSV files.
inline CLI::Option* add_separator(CLI::App& app, std::optional<char>& separator) {
  return app
      .add_option_function<std::string>(
          "--separator", [&separator](const std::string& text) { parse_separator(text, separator); },
          "cell separator: a character, or the word tab")
      ->check(CLI::Validator(
          [](const std::string& text) {
            std::optional<char> checked;
            return parse_separator(text, checked);
          },
          ""))
      ->type_name("CHARACTER")
      ->default_str("found in the first line: , ; or tab");
}

/// Adds --header, for CSV files.
inline CLI::Option* add_header(CLI::App& app, gemel::CsvHeader& header) {
  return add_choice<gemel::CsvHeader>(
      app, "--header", header,
      {{"auto", gemel::CsvHeader::Auto}, {"yes", gemel::CsvHeader::Yes}, {"no", gemel::CsvHeader::No}},
      "whether the first line holds column names; auto decides by its cells, and reports an error if they leave it "
      "open");
}

/// All options that begin with --, each with its value as on the command line or its default; null if it has neither.
inline Json all_options(const CLI::App& app) {
  Json all = Json::object();
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr() || option->get_positional()) continue;
    const std::string value =
        option->count() > 0 ? CLI::detail::join(option->results(), ",") : option->get_default_str();
    Json& entry = all[option->get_name(false, true).substr(2)];
    if (!value.empty()) entry = value;
  }
  return all;
}

}  // namespace program
