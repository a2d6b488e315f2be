// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "acefs/base/result.hpp"
#include "acefs/principal/config.hpp"

namespace acefs::principal {

/// Makes a new text of what the file says now.
using MakeText = std::function<Parsed<std::string>(const std::string& text, const Config& config)>;

/// Changes acefs.toml: whoever reads it sees the old text or the new one, on disk too, and of two who change it at once neither loses
/// his change (`.NAME.lock` beside it is locked meanwhile; one who edits without is noticed, and `make` asked again). A file that is not
/// there counts as empty, and is made; a link to nothing is refused.
///
/// A text with a mistake that the old one did not have is refused. False: nothing had to be changed. An error is one line that
/// names the file, and the line in it where there is one; then nothing was changed, unless it says that the file is written.
Result<bool, std::string> change_config(const std::string& file, const MakeText& make);

}  // namespace acefs::principal
