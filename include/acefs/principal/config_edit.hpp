// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/base/result.hpp"

namespace acefs::principal {

/// A TOML string, in double quotes.
std::string toml_string(std::string_view text);

/// What becomes of one key of a section.
struct KeyEdit {
  std::string key;
  std::optional<std::string> value;  ///< TOML text that is its value from now on
  bool remove = false;               ///< the key goes; it is no mistake if it is not there
  std::vector<std::string> add;      ///< strings that its list gets, unless they are in it
  std::vector<std::string> drop;     ///< strings or numbers that leave its list, and must be in it
};

/// What becomes of one section, [KIND.NAME].
struct SectionEdit {
  enum class What { Add, Change, Remove };
  What what = What::Change;
  std::string kind;  ///< "user"
  std::string name;
  std::vector<KeyEdit> keys;
};

/// `text` with the edit made where it belongs: all that is not edited, order and comments included, stays byte for byte.
///
/// What comes out is read again and must be what was asked for, and the rest as it was; else, and when the section is there
/// already (Add) or is not (Change, Remove), a sentence says so.
Parsed<std::string> edit_config(std::string_view text, const SectionEdit& edit);

}  // namespace acefs::principal
