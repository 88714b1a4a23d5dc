<?php
return [
    'scheme' => env('MAIL_SCHEME'),
];
