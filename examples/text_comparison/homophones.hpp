#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/io/input_file.hpp"

// The reader of lists of words that sound the same.

namespace text_comparison {

using gemel::Index;

/// Words, and the group of each: words of a group are the same, here in sound.
struct Words {
  std::vector<std::string> words = {};
  std::vector<Index> groups = {};  ///< one per word, numbered from 0
  Index left_out = 0;              ///< words that were in several groups
};

namespace detail {

/// The words of one line, without blanks. Throws FormatError for a byte that is no letter, digit, hyphen, apostrophe or
/// part of a character beyond ASCII.
inline std::vector<std::string> words_of_line(std::string_view line, const gemel::Place& place) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ' || c == '\t' || c == '\r') {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80;
    if (!letter && c != '-' && c != '\'') {
      throw gemel::FormatError({"a word holds the byte ", static_cast<int>(byte),
                                ", but words are letters, and blanks separate them; a CSV file needs --text and --key"},
                               place);
    }
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

/// The lines of groups without the words that are in several groups, and without groups of fewer than two words.
inline Words without_ambiguous(const std::vector<std::vector<std::string>>& lines) {
  std::unordered_map<std::string_view, int> occurrences;
  for (const auto& line : lines) {
    for (const std::string& word : line) ++occurrences[word];
  }
  Words all;
  Index group = 0;
  for (const auto& line : lines) {
    std::vector<std::string> kept;
    for (const std::string& word : line) {
      if (occurrences[word] == 1) kept.push_back(word);
    }
    all.left_out += gemel::length(line) - gemel::length(kept);
    if (kept.size() < 2) continue;
    for (std::string& word : kept) {
      all.words.push_back(std::move(word));
      all.groups.push_back(group);
    }
    ++group;
  }
  return all;
}

}  // namespace detail

/// Parses groups of words that sound the same: one group per line, with blanks between the words. Empty lines are
/// skipped, and letters of ASCII become lower case. A word in several groups, such as "read", is left out of all,
/// because the letters do not tell which of its sounds is meant. `name` is what errors call the text. Throws
/// FormatError for a line with a single word or with a word twice, for bytes that are not part of a word, and for a
/// text without a group.
inline Words parse_homophones(std::string_view text, const std::string& name) {
  std::vector<std::vector<std::string>> lines;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (Index number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const gemel::Place place{.file = name, .line = number};
    std::vector<std::string> words = detail::words_of_line(text.substr(0, end), place);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    if (words.size() == 1) {
      throw gemel::FormatError(
          {"a line is a group of words that sound the same, but this one has only the word '", words[0], "'"}, place);
    }
    for (std::size_t i = 1; i < words.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (words[i] == words[j]) throw gemel::FormatError({"the word '", words[i], "' is twice in its group"}, place);
      }
    }
    lines.push_back(std::move(words));
  }
  Words all = detail::without_ambiguous(lines);
  if (all.words.empty()) throw gemel::FormatError("there is no group of two words", {.file = name});
  return all;
}

/// Reads such a file. Throws what parse_homophones throws, and IoError if the file cannot be read.
inline Words read_homophones(const std::filesystem::path& path) {
  gemel::InputFile file{path};
  std::string text, block(std::size_t{1} << 20, '\0');
  while (const std::size_t count = file.read(block)) text.append(block, 0, count);
  return parse_homophones(text, file.name());
}

}  // namespace text_comparison
