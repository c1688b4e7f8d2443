//! Cron expressions in words.

use crate::dsl::words::and;

/// `09:00 on Mondays`; an expression that is no cron expression is said as it is written.
#[must_use]
pub fn cron(expression: &str) -> String {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return format!("at `{expression}`") };
    let time = match (number(minute), numbers(hour)) {
        (Some(minute), Some(hours)) => {
            let times: Vec<String> = hours.iter().map(|hour| format!("{hour:02}:{minute:02}")).collect();
            format!("at {}", and(&times))
        }
        _ => format!("{}{}", minutes(minute), hours(hour)),
    };
    format!("{time}{}", days(day, month, weekday))
}

fn minutes(field: &str) -> String {
    match (field, field.strip_prefix("*/")) {
        ("*", _) => "every minute".to_owned(),
        (_, Some(step)) => format!("at every minute that {step} divides"),
        _ => match numbers(field).as_deref() {
            Some([one]) => format!("at minute {one} of the hour"),
            _ => format!("at the minutes {}", list(field, str::to_owned)),
        },
    }
}

fn hours(field: &str) -> String {
    match (field, field.strip_prefix("*/")) {
        ("*", _) => String::new(),
        (_, Some(step)) => format!(", in every hour that {step} divides"),
        _ => format!(", in the hours {}", list(field, str::to_owned)),
    }
}

fn days(day: &str, month: &str, weekday: &str) -> String {
    let months = if month == "*" { String::new() } else { format!(" in {}", list(month, month_name)) };
    let of_month = match (day, day.strip_prefix("*/")) {
        ("*", _) => None,
        (_, Some(step)) => Some(format!("every {step} days of the month, from the 1st")),
        _ => Some(format!("day {} of the month", list(day, str::to_owned))),
    };
    let of_week = (weekday != "*").then(|| list(weekday, |day| format!("{}s", weekday_name(day))));
    match (of_month, of_week) {
        (None, None) if months.is_empty() => " every day".to_owned(),
        (None, None) => format!(" every day{months}"),
        (Some(day), None) | (None, Some(day)) => format!(" on {day}{months}"),
        (Some(day), Some(weekday)) => format!(" on {day}{months}, but only on {weekday}"),
    }
}

fn number(field: &str) -> Option<u32> {
    field.parse().ok()
}

fn numbers(field: &str) -> Option<Vec<u32>> {
    field.split(',').map(number).collect()
}

/// The parts of a list, each a value or a range, perhaps with a step.
fn list(field: &str, name: impl Fn(&str) -> String) -> String {
    let part = |part: &str| {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let range = match range.split_once('-') {
            Some((from, to)) => format!("{} to {}", name(from), name(to)),
            None => name(range),
        };
        step.map_or(range.clone(), |step| format!("{range} in steps of {step}"))
    };
    and(&field.split(',').map(part).collect::<Vec<_>>())
}

fn weekday_name(day: &str) -> String {
    let short = day.to_ascii_lowercase();
    let name = match short.get(..3).unwrap_or(&short) {
        "sun" => "Sunday",
        "mon" => "Monday",
        "tue" => "Tuesday",
        "wed" => "Wednesday",
        "thu" => "Thursday",
        "fri" => "Friday",
        "sat" => "Saturday",
        _ => day,
    };
    name.to_owned()
}

fn month_name(month: &str) -> String {
    let names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let short = month.to_ascii_lowercase();
    let by_number = number(month).and_then(|n| n.checked_sub(1)).and_then(|n| names.get(n as usize));
    let by_name = names.iter().find(|name| name.to_ascii_lowercase().get(..3) == short.get(..3));
    by_number.or(by_name).map_or_else(|| month.to_owned(), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_expressions_are_read_out() {
        for (expression, said) in [
            ("0 9 * * mon", "at 09:00 on Mondays"),
            ("30 3 * * *", "at 03:30 every day"),
            ("0 9,17 * * mon-fri", "at 09:00 and 17:00 on Mondays to Fridays"),
            ("*/15 * * * *", "at every minute that 15 divides every day"),
            ("5 * * * *", "at minute 5 of the hour every day"),
            ("0 8-18/2 1 * *", "at minute 0 of the hour, in the hours 8 to 18 in steps of 2 on day 1 of the month"),
            ("0 0 1,15 jan,7 *", "at 00:00 on day 1 and 15 of the month in January and July"),
            ("0 0 13 * fri", "at 00:00 on day 13 of the month, but only on Fridays"),
            ("nonsense", "at `nonsense`"),
        ] {
            assert_eq!(cron(expression), said);
        }
    }
}
