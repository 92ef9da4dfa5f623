#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "../program/json.hpp"
#include "../program/names.hpp"
#include "command_line.hpp"
#include "digits.hpp"
#include "files.hpp"
#include "gemel/core/error.hpp"
#include "gemel/io/crc32.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/input_file.hpp"
#include "gemel/io/model_file.hpp"
#include "metadata.hpp"
#include "options.hpp"

// The texts in a checkpoint with which --resume repeats the preparation of the training: the options, and checksums of
// the data files.

namespace train {

namespace detail {

/// The options that may be given beside --resume, and differ from those of the training so far.
inline constexpr std::array free_options{"--save", "--json", "--report", "--threads", "--quiet"};

inline bool is_free(const std::string& option) { return std::ranges::find(free_options, option) != free_options.end(); }

inline std::string name_of(const CLI::Option* option) { return option->get_name(false, true); }

/// The options as words of a command line. --resume and --checkpoint are left out.
inline std::vector<std::string> words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = name_of(option);
    if (option->count() == 0 || name == "--resume" || name == "--checkpoint") continue;
    const bool flag = option->get_items_expected_max() == 0;
    const std::string value = CLI::detail::join(option->results(), ",");
    words.push_back(!flag ? name + "=" + value : value == "false" ? "--no-" + name.substr(2) : name);
  }
  return words;
}

/// The options on which the training depends, with their defaults.
inline program::Json fixed_options(const CLI::App& app) {
  program::Json options = program::all_options(app);
  for (const std::string name : free_options) options.erase(name.substr(2));
  for (const char* name : {"resume", "checkpoint"}) options.erase(name);
  return options;
}

inline std::string hexadecimal(std::uint32_t checksum) {
  std::array<char, 9> digits;
  std::snprintf(digits.data(), digits.size(), "%08lx", static_cast<unsigned long>(checksum));
  return digits.data();
}

inline std::string checksum_of(const std::string& path) {
  gemel::InputFile file{path};
  std::vector<char> block(1 << 20);
  std::uint32_t checksum = 0;
  for (std::size_t count = block.size(); count == block.size();) {
    count = file.read(block);
    checksum = gemel::detail::crc32({reinterpret_cast<const std::uint8_t*>(block.data()), count}, checksum);
  }
  return hexadecimal(checksum);
}

}  // namespace detail

/// The CRC-32 of each data file by the option that names it, and of the embedded digits.
inline program::Json checksums(const Options& options) {
  program::Json all;
  for (const program::NamedFile& file : input_files(options)) {
    all[file.option] = detail::checksum_of(file.path.string());
  }
  if (all.empty()) {
    all["digits"] = detail::hexadecimal(
        gemel::detail::crc32({reinterpret_cast<const std::uint8_t*>(digits_csv.data()), digits_csv.size()}));
  }
  return all;
}

/// The texts for a checkpoint. `checksums` are those of the files that were read. Throws ValueError if an option is not
/// UTF-8, since texts in a model file are.
inline gemel::Metadata kept_texts(const CLI::App& app, const program::Json& checksums) {
  const std::vector<std::string> words = detail::words(app);
  for (const std::string& word : words) {
    if (program::as_utf8(word) != word) {
      throw gemel::ValueError(word + " is not UTF-8, so --checkpoint cannot keep it: rename the file");
    }
  }
  return {{"command_line", program::Json(words).dump()},
          {"options", detail::fixed_options(app).dump()},
          {"checksums", checksums.dump()}};
}

/// What a checkpoint keeps.
struct Kept {
  std::string file;
  std::string created_by = {};
  std::vector<std::string> words = {};
  program::Json options = {};
  program::Json checksums = {};
  Index epochs = 0;  ///< trained until then
};

/// Reads what a checkpoint keeps. Throws FormatError if the file is no checkpoint of train.
inline Kept read_kept(const std::string& path) {
  const gemel::FileDescription file = gemel::describe(std::filesystem::path(path));
  const auto refuse = [&](const std::string& why) { throw gemel::FormatError(why, {.file = path}); };
  if (!file.training) refuse("it is no checkpoint, but a file of the kind '" + file.kind + "'");
  Kept kept{.file = path, .epochs = file.training->epochs};
  const auto text = [&](const char* key) {
    const auto found = file.metadata.find(key);
    if (found == file.metadata.end()) refuse(std::string("it is a checkpoint of another program: it keeps no ") + key);
    return found->second;
  };
  kept.created_by = text("created_by");
  const auto words = program::parse_names(text("command_line"));
  kept.options = program::Json::parse(text("options"), nullptr, false);
  kept.checksums = program::Json::parse(text("checksums"), nullptr, false);
  if (!words || !kept.options.is_object() || !kept.checksums.is_object()) refuse("its kept options cannot be read");
  kept.words = *words;
  return kept;
}

/// The recipe whose defaults the training had.
inline Recipe recipe_of(const Kept& kept) {
  const auto recipe = kept.options.find("recipe");
  return recipe != kept.options.end() && *recipe == "tutorial" ? Recipe::Tutorial : Recipe::Classes;
}

/// Whether there is such a checkpoint file and it is of the training with these texts, rather than of an earlier one.
inline bool is_checkpoint_of(const std::string& path, const gemel::Metadata& texts) {
  if (!std::filesystem::exists(std::filesystem::path(path))) return false;
  const gemel::Metadata metadata = gemel::describe(std::filesystem::path(path)).metadata;
  return std::ranges::all_of(std::array{"options", "checksums"}, [&](const char* key) {
    const auto found = metadata.find(key);
    return found != metadata.end() && found->second == texts.at(key);
  });
}

/// Throws ValueError if options are given beside --resume that would make another training of it.
inline void check_beside_resume(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = detail::name_of(option);
    if (option->count() == 0 || name == "--resume" || detail::is_free(name)) continue;
    std::string others;
    for (const char* free : detail::free_options) others += (others.empty() ? "" : ", ") + std::string(free);
    throw gemel::ValueError(name +
                            " cannot be given with --resume, which goes on with the options that the checkpoint "
                            "keeps; only these may be given: " +
                            others);
  }
}

/// Parses the kept options, and those that are given beside --resume (the parsed `given`), which replace kept ones.
/// `app` stores them in `options`. Throws FormatError if the kept options are not those of a checkpoint that this
/// program wrote.
inline void parse_kept(const Kept& kept, const CLI::App& given, CLI::App& app, Options& options) {
  const auto refuse = [&](const std::string& why) {
    throw gemel::FormatError("its kept options cannot be used: " + why, {.file = kept.file});
  };
  const auto name_in = [](const std::string& word) { return word.substr(0, word.find('=')); };
  std::vector<std::string> words;
  for (const std::string& word : kept.words) {
    const std::string name = name_in(word);
    if (!name.starts_with("--") || name.size() == 2 || word.find('=') + 1 == word.size() || name == "--resume" ||
        name == "--checkpoint" || name == "--help") {
      refuse("'" + word + "' is not one that is kept");
    }
    const bool replaced = detail::is_free(name) && given.count(name) > 0;
    if (!replaced) words.push_back(word);
  }
  const std::vector<std::string> beside = detail::words(given);
  words.insert(words.end(), beside.begin(), beside.end());
  words.push_back("--checkpoint=" + kept.file);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::Error& error) {
    refuse(error.what());
  }
  settle(app, options);
  if (detail::fixed_options(app) != kept.options) {
    refuse("they mean something else to this " + created_by() + " than to the " + kept.created_by +
           " that wrote it: use that one");
  }
}

/// Throws ValueError if a data file is not the one of the training so far. `checksums` are those of the files now.
inline void check_unchanged(const Kept& kept, const Options& options, const program::Json& checksums) {
  for (const program::NamedFile& file : input_files(options)) {
    if (kept.checksums.contains(file.option) && kept.checksums[file.option] == checksums[file.option]) continue;
    throw gemel::ValueError("it is not the file of " + file.option + " with which the training in " + kept.file +
                                " began: it has changed, so the training cannot go on; begin anew",
                            {.file = file.path.string()});
  }
  if (kept.checksums != checksums) {
    throw gemel::ValueError("the embedded digits are not those with which the training began", {.file = kept.file});
  }
}

}  // namespace train
